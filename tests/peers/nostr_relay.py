"""A relay of rust-nostr, and what accounts say on it: a line of JSON each, the note's id in answer. With the
argument "members" it lets only those read who log in."""

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
    LocalRelayBuilderNip42,
    LocalRelayBuilderNip42Mode,
    RateLimit,
    Tag,
    Timestamp,
)


async def main():
    accounts = {}
    limit = RateLimit(max_reqs=500, notes_per_minute=1_000_000)
    builder = LocalRelayBuilder().rate_limit(limit).default_filter_limit(20)
    if "members" in sys.argv:
        builder = builder.nip42(LocalRelayBuilderNip42(mode=LocalRelayBuilderNip42Mode.READ))
    relay = builder.build()
    await relay.run()
    client = Client()
    url = await relay.url()
    await client.add_relay(url)
    await client.connect()
    print("relay", str(url).rstrip("/"), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        said = json.loads(line)
        keys = accounts.setdefault(said["who"], Keys.generate())
        if said["kind"] is None:
            print("key", keys.public_key().to_bech32(), flush=True)
            continue
        note = EventBuilder(Kind(said["kind"]), said["content"])
        note = note.tags([Tag.parse(tag) for tag in said["tags"]])
        note = note.custom_created_at(Timestamp.from_secs(int(time.time()) - said["ago"]))
        event = note.finalize(keys)
        taken = await client.send_event(event)
        assert not taken.failed, taken.failed
        print("note", event.id().to_hex(), flush=True)


asyncio.run(main())
