/** Why a file cannot be loaded, its message already in words for people, with the fix. */
export class LoadFault extends Error {
  override readonly name = 'LoadFault';
}
