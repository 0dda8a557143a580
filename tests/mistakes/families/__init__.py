"""The mistakes, a module for each family; its docstring is what the page says above them."""
