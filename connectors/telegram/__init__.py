"""Telegram bots: updates by webhook or long polling in, Bot API calls out."""

import os

# python-telegram-bot 22.8 warns at every 429 unless it may hand out a timedelta; read when the SDK is imported.
os.environ.setdefault("PTB_TIMEDELTA", "1")
