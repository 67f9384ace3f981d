"""WeChat: customers write to an Official Account (微信公众号) or in a Mini Program (小程序), and are answered by 客服消息."""
