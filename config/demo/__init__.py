"""The demo: Thornquay Medical Supply, a made-up distributor of medical devices with a year of business behind it.

Read in the order in which it is made: company → products → people → stock → contracts → orders (a year of days) →
story (today). `seed.make` runs them; `bulk` lays a large history under them by COPY. Everything but that history goes
through the services everybody calls; every name is invented.
"""
