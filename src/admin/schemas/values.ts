/** The small values that the API's objects are made of. */
import { z } from '@hono/zod-openapi';
import type { Listing } from '../../insight/model.ts';

/** Milliseconds since the epoch. */
export const instant = () => z.number().openapi({ description: 'Milliseconds since the epoch.', example: 1_780_000_000_000 });

export const instantOrNull = () => instant().nullable();

/** Text for which a sentence says what it is. */
export const words = (description: string) => z.string().openapi({ description });

/** Address of an actor. */
export const address = (example: string) => z.string().openapi({ example });

export const count = (description: string) => z.number().int().min(0).openapi({ description });

/** Some of many, with how many there are. */
export const listing = <T>(name: string, of: z.ZodType<T>): z.ZodType<Listing<T>> =>
  z
    .strictObject({ rows: z.array(of), total: count('All that match, those that are not here included.') })
    .openapi(`${name}Listing`);
