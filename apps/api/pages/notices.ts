/** Tells on every page what the farm holds back. A page is worth more than its notice. */
import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { from, mergeMap, type Observable } from 'rxjs';
import { withNotices } from '#views/notices.js';
import { Retention } from '../retention/retention.js';

@Injectable()
export class Notices implements NestInterceptor {
  constructor(private readonly retention: Retention) {}

  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(mergeMap((answer: unknown) => from(this.on(answer))));
  }

  private async on(answer: unknown): Promise<unknown> {
    if (typeof answer !== 'string') return answer;
    const farm = await this.retention.farm().catch(() => null);
    return farm ? withNotices(answer, farm) : answer;
  }
}
