"""WeChat Official Accounts (微信公众号): customers write to the account, agents answer by customer-service messages."""
