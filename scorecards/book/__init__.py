"""The statement as a workbook whose formulas work every amount out again (docs/adr/0186)."""
