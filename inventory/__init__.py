"""What is where and for whom: sites, balances, movements, demands, claims, promises."""
