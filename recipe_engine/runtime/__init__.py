"""Driving runs: storage, time, and everything that happens outside.

What a runtime is    protocol, errors, clock, performer (what it asks for effects), views, run_ids
The driver           driver: operations · turns: runs through the core · effects · residents: runs in memory, live: one of
                     them · wakeups: timers · deliveries, waits: events · starts, admission · rows · choices · idle · following
Storage              store: what it has to do · memory · sqlite, sqlite_schema, sqlite_reader, sqlite_writer · value_store
Other processes      owner: who drives · inbox: what they ask · sqlite_client: how they ask
Performing           perform, attempt, context, value_checks, dry_run · sandboxing, world · blobs, bodies
The network          client, auth, http, http_failures, limiter, private_addresses · settings, secrets
"""
