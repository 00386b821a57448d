"""What is wrong with a data set, found before a network learns it: files, sound, repeats, labels, shortcuts, leaks."""
