"""What the functions of a channel ask of the server, one module for each group of functions.

Each function here checks state and arguments and returns the request, or the result where the server need
not be asked. It is written once; the blocking and the async face of a channel differ only in how they wait.
"""
