"""The health kiosk: declaration, skin temperature, symptoms."""
