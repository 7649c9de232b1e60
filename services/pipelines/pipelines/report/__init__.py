"""Reports for people: one HTML file each, with everything in it, that is read in a minute."""
