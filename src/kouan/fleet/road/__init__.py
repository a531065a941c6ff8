"""The road that vehicles drive: what is drawn, and the places and links that traffic is made of."""
