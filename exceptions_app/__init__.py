"""What went wrong, who owns it and by when: cases, queues, SLA clocks."""
