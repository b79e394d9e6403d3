"""Study -> trials -> outcomes -> store."""
