"""Files of a study: CSV of any size in any encoding, Excel with several tables, and what is kept of them."""
