"""What a microcredential tells: elements of the European standard, skills, evidence, stackability."""
