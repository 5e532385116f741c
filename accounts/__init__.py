"""Who may buy and who sells: accounts, groups, ship-tos, territories, users, reps, buyers, access, approvals."""
