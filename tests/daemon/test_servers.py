"""The configured servers as adapters: who keeps a copy of what a server has keeps it beside the journal."""

from __future__ import annotations

from pathlib import Path

from terminal.daemon.servers import build_servers
from terminal.mirror import Mirror, beside
from terminal.settings import load
from tests.backends.making import Forever

CONFIG = """
[terminal]
id = "coffee-1"
job = "vending"

[journal]
path = "{folder}/journal.db"

[backends.pos]
type = "kensium"
url = "https://pos.example.com/store1"
token_file = "{folder}/secret"

[backends.main]
type = "pointofsale"
url = "https://pos.example.org/"
token_file = "{folder}/secret"

[roles]
wallet = "pos"

[[devices]]
name = "front reader"
role = "reader"
driver = "pcsc"

[[devices]]
name = "spout"
role = "release"
driver = "relay"
line = 17
"""


def test_a_copy_lies_beside_the_journal_and_is_about_that_server(tmp_path: Path) -> None:
    file = tmp_path / "terminal.toml"
    file.write_text(CONFIG.format(folder=tmp_path))
    settings = load(file)
    servers = build_servers(settings, tenure=lambda _: Forever(), network=None, sandbox=None)
    assert sorted(servers) == ["main", "pos"]
    assert [each.name for each in tmp_path.glob("mirror-*.db")] == ["mirror-pos.db"]
    path = beside(settings.journal.path, "pos")
    copy = Mirror(path, "https://pos.example.com/store1/api/graphql")
    copy.keep("items", copy.cursor("items"), [("a", b"1")], "u1", ended=True)
    copy.close()
    for each in servers.values():
        each.close()
    again = build_servers(settings, tenure=lambda _: Forever(), network=None, sandbox=None)
    for each in again.values():
        each.close()
    copy = Mirror(path, "https://pos.example.com/store1/api/graphql")
    assert copy.rows("items") == [b"1"], "what was kept about this server is still there"
    copy.close()
