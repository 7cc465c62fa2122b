"""What the program is for: finding, understanding, listing. No SQL, no toolkit."""
