"""ccTalk: coin acceptors, bill validators and hoppers that share one wire."""
