"""What a conversation is and what must happen to it: model, ports, routing, bot, store, use-cases."""
