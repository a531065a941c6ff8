"""A study (研究): a port's own exports of passages and weighbridge tickets, and where its hours go by them."""
