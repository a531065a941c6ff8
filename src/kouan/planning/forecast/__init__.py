"""A forecast (预测) of a port's daily and monthly traffic, beside the plainest one, with its error on days held out."""
