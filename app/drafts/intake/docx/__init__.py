"""Reading Word documents: one pass over the package into blocks, and nothing lost in silence.

`package` finds parts, `styles` and `numbering` say how paragraphs look and what Word writes before them,
`story` walks through paragraphs, `inline` through what stands within one, `tables`, `drawings`, `formulas`,
`notes` read their kinds, `changes` holds tracked changes apart, and `leftovers` lists whatever text of any
part is left when all that was done. `service` is the door.

Reading takes words out of the tree: what has been read is gone from it, so what is still there was not read.
This module imports nothing, so that a process of its own starts quickly.
"""
