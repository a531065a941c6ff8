"""Tables as offices exchange them every day: CSV and Excel files, from bytes to rows of cells and back."""
