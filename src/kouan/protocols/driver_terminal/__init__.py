"""The driver terminal: document, face, fingerprint, people in the cab."""
