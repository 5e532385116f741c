"""The replay of a real order history through the live services, day by day, as if it happened now.

history    the file: which rows belong to which day, and what they ask for
demand     what was asked for so far, and how much stock that calls for (rules, no database)
controller holds the achieved fill rate at the service level (rules, no database)
masters    accounts, addresses, credit, products, prices
stock      opening stock, purchase orders, receipts
money      payments and what finance does about holds
day        one simulated day, stage by stage
progress   what is done, in the journal: so that a replay goes on where it stopped
report     the figures, all of them read from the database
run        all of it in order
"""
