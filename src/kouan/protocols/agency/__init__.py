"""What the platform asks of an agency, and the signed verdict that comes back."""
