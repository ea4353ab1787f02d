/** A nominal type: a plain value that was parsed once and carries its meaning in its type. */
export type Brand<T, Name extends string> = T & { readonly __brand: Name };
