"""A study on paper: a page to print in Chinese and English, and a workbook."""
