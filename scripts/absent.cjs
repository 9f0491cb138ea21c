// In place of an optional module of a library: it isn't there.
throw new Error('it is not part of this program');
