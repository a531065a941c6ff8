"""UN/EDIFACT messages for those who use them: cargo reports, customs' responses, reports of gates. See the README."""
