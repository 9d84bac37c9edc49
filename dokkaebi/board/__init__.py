"""The notice board: signed documents and files of people who send no transactions."""
