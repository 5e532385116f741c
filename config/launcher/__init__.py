"""What `./run` does: one folder of data, the servers in it, the site's processes above them.

Read in this order: folder (where everything lies, and who holds it), processes (children that die with us),
postgres and valkey (the embedded servers), servers (start them or join those that run), site (the four
processes of the site), commands (what the words after `./run` mean).

Only the standard library, psycopg and redis are imported here: a command must start at once.
"""
