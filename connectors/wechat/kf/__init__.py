"""WeCom's customer service in WeChat (微信客服): callbacks ring, messages are read from a feed, answers have ids of ours."""
