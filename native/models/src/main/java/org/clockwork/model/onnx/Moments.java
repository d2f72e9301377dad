package org.clockwork.model.onnx;

/** How mean and variance pass through what is not linear, taking values for normally distributed. */
final class Moments {
    private static final double INVERSE_ROOT_TWO_PI = 0.398942280401432677;

    private Moments() {
    }

    /** Mean of max(0, x). */
    static double reluMean(final Value x) {
        final double sigma = StrictMath.sqrt(x.variance());
        return x.mean() * above(x.mean(), sigma) + sigma * density(x.mean(), sigma);
    }

    /** Mean square of max(0, x). */
    static double reluSquare(final Value x) {
        final double sigma = StrictMath.sqrt(x.variance());
        return x.square() * above(x.mean(), sigma) + x.mean() * sigma * density(x.mean(), sigma);
    }

    /** Share of values above 0, by the logistic approximation of the normal distribution. */
    private static double above(final double mean, final double sigma) {
        return sigma == 0 ? mean > 0 ? 1 : 0 : 1 / (1 + StrictMath.exp(-1.702 * mean / sigma));
    }

    private static double density(final double mean, final double sigma) {
        final double t = sigma == 0 ? 0 : mean / sigma;
        return INVERSE_ROOT_TWO_PI * StrictMath.exp(-t * t / 2);
    }
}
