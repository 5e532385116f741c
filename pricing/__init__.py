"""What it costs and why: price sources, rows, agreements, the waterfall."""
