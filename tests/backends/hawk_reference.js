// Asks Mozilla's Hawk what it makes of signed requests: one line of JSON in, one out.
'use strict';

const Hawk = require('hawk');

async function judge({ request, payload, id, key }) {
    const credentials = (told) => (told === id ? { key: Buffer.from(key, 'base64'), algorithm: 'sha256' } : null);
    const options = payload === null ? {} : { payload: Buffer.from(payload, 'base64') };
    const seen = new Set(request.seen || []);
    options.nonceFunc = (_key, nonce) => {
        if (seen.has(nonce)) {
            throw new Error('seen before');
        }
    };
    try {
        await Hawk.server.authenticate(request, async (told) => credentials(told), options);
        return { accepted: true };
    } catch (error) {
        const headers = error.output ? error.output.headers : {};
        return { accepted: false, error: error.message, challenge: headers['WWW-Authenticate'] || '' };
    }
}

require('readline')
    .createInterface({ input: process.stdin })
    .on('line', async (line) => process.stdout.write(JSON.stringify(await judge(JSON.parse(line))) + '\n'));
