"""What adapters ask of this computer: its variables, processes, settings files, and copies of foreign databases."""
