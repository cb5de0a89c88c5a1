"""A relay of rust-nostr, and what accounts say on it: a line of JSON each, the note's id in answer."""

import asyncio
import json
import sys
import time

from nostr_sdk import (
    Client,
    EventBuilder,
    Keys,
    Kind,
    LocalRelayBuilder,
    RateLimit,
    Tag,
    Timestamp,
)


async def main():
    accounts = {}
    limit = RateLimit(max_reqs=500, notes_per_minute=1_000_000)
    relay = LocalRelayBuilder().rate_limit(limit).default_filter_limit(20).build()
    await relay.run()
    client = Client()
    url = await relay.url()
    await client.add_relay(url)
    await client.connect()
    print("relay", str(url).rstrip("/"), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        said = json.loads(line)
        keys = accounts.setdefault(said["who"], Keys.generate())
        note = EventBuilder(Kind(said["kind"]), said["content"])
        note = note.tags([Tag.parse(tag) for tag in said["tags"]])
        note = note.custom_created_at(Timestamp.from_secs(int(time.time()) - said["ago"]))
        event = note.finalize(keys)
        taken = await client.send_event(event)
        assert not taken.failed, taken.failed
        print("note", event.id().to_hex(), flush=True)


asyncio.run(main())
