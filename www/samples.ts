// Placeholder until the samples are read from the vectors.
export const readSamples = async (): Promise<readonly unknown[]> => [];
