"""The session log: what was asked, proposed, decided, written and said to be helpful, kept on this machine only.

Every session is one append-only file of JSON Lines in the folder of sessions, ``0600``, named by its id, which begins
with the time (UTC), so that names sort by age. One line is one entry::

    {"v":1,"session":"20250102-030405-678-9f2c4be01d3a","seq":4,"time":"2025-01-02T03:04:09.120Z","kind":"decision","data":{…}}

- :mod:`sessions.log` writes. Secrets are taken out *before* a byte reaches the disk; an entry costs one ``write``;
  decisions and everything else that must not be lost are also synced. A full disk costs the entries of that time and
  nothing else.
- :mod:`sessions.redact` finds the secrets: ``[redacted:github-token]`` stands where one was, ``~`` where the home
  folder was.
- :mod:`sessions.schema` says which kinds of entry there are and what each one holds; ``validate`` checks one entry.
- :mod:`sessions.store` reads: lists the sessions, finds one by the beginning of its id, and reads its entries past
  torn or damaged lines.

The log is the truth: indexes, statistics and training data are made from it and can be made again. A log that has no
``session-ended`` entry was interrupted (or is still going on). A gap in ``seq`` means entries that could not be
written. Nothing leaves the machine from here.

This package imports nothing but the standard library's light modules.
"""
