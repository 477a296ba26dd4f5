"""The economy of Krusell and Smith (1998), as Den Haan, Judd and Juillard (2010) set it, by their method."""
