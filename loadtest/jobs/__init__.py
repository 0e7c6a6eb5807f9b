"""What jobs cost, and what they cost the requests beside them."""
