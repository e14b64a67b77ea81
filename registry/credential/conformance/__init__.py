"""What VC 2.0 and Open Badges 3.0 ask of a document."""
