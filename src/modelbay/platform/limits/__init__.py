"""What calls may use: hosted quotas, budgets, rates; held before a call and settled after it."""
