"""The workbench: a local server around sessions. Thin: decode, session, encode.

`docs/server.md` is its wire. Nothing here segments anything.
"""
