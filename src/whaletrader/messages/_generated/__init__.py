"""Generated from the declarations in whaletrader/messages by scripts/generate_messages.py; do not edit."""
