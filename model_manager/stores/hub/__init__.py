"""The Hugging Face cache: its layout, its models, its removal."""
