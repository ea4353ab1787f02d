;;; What our programs under `guix repl' share: events as JSON lines that begin with a mark, on a
;;; port of their own, and Guix's own words for what went wrong.

(use-modules (ice-9 binary-ports)
             (rnrs bytevectors))

(define (bound module name)
  "The value of NAME in MODULE, or #f where this Guix has none."
  (let* ((found (false-if-exception (resolve-interface module)))
         (variable (and found (module-variable found name))))
    (and variable (variable-ref variable))))

(define (text-of value)
  (cond ((string? value) value)
        ((symbol? value) (symbol->string value))
        (else (call-with-output-string (lambda (port) (display value port))))))


;;; JSON: association lists are objects, vectors are lists.

(define (print-json value port)
  (define (separated print items)
    (unless (null? items)
      (print (car items))
      (for-each (lambda (item) (display "," port) (print item)) (cdr items))))
  (cond ((string? value) (print-json-string value port))
        ((and (integer? value) (exact? value)) (display value port))
        ((eq? value #t) (display "true" port))
        ((vector? value)
         (display "[" port)
         (separated (lambda (item) (print-json item port)) (vector->list value))
         (display "]" port))
        ((or (null? value) (pair? value))
         (display "{" port)
         (separated (lambda (pair)
                      (print-json-string (text-of (car pair)) port)
                      (display ":" port)
                      (print-json (cdr pair) port))
                    value)
         (display "}" port))
        ((symbol? value) (print-json-string (symbol->string value) port))
        (else (display "null" port))))

(define escaped
  (char-set-union (ucs-range->char-set 0 32) (char-set #\" #\\ #\delete)))

(define (print-json-string text port)
  (display "\"" port)
  (if (string-index text escaped)
      (string-for-each (lambda (character) (print-json-character character port)) text)
      (display text port))
  (display "\"" port))

(define (print-json-character character port)
  (cond ((memv character '(#\" #\\)) (display "\\" port) (display character port))
        ((char-set-contains? escaped character)
         (display "\\u" port)
         (display (string-pad (number->string (char->integer character) 16) 4 #\0) port))
        (else (display character port))))


;;; Events have standard output for themselves; what anything else prints there is the log.

(define events #f)
(define event-mark #f)
(define log-port #f)

(define (open-events mark)
  (set! event-mark mark)
  (set! events (fdopen (dup->fdes 1) "w"))
  (set-port-encoding! events "UTF-8")
  (dup2 2 1)
  (set! log-port (current-error-port))
  (let ((port (remembering-port log-port)))
    (set-current-output-port port)
    (set-current-error-port port)
    (current-warning-port port)
    (let ((guix-warning-port (bound '(guix diagnostics) 'guix-warning-port)))
      (when guix-warning-port (guix-warning-port port)))))

(define (tell event)
  (when (memq (caar event) '(done failed))
    ;; Nothing else empties it when the program ends.
    (force-output (current-error-port)))
  (display event-mark events)
  (print-json event events)
  (newline events)
  (force-output events))


;;; What was said last, for the words of a fault that Guix itself prints.

(define longest-memory 4000)
(define remembered (make-bytevector 0))

(define (remembering-port port)
  (define (write! bytes start count)
    (let ((copy (make-bytevector count)))
      (bytevector-copy! bytes start copy 0 count)
      (remember copy)
      (put-bytevector port copy)
      (force-output port)
      count))
  (let ((made (make-custom-binary-output-port "log" write! #f #f #f)))
    (set-port-encoding! made "UTF-8")
    (setvbuf made 'line)
    made))

(define (remember bytes)
  (let* ((whole (make-bytevector (+ (bytevector-length remembered) (bytevector-length bytes)))))
    (bytevector-copy! remembered 0 whole 0 (bytevector-length remembered))
    (bytevector-copy! bytes 0 whole (bytevector-length remembered) (bytevector-length bytes))
    (let* ((length (min longest-memory (bytevector-length whole)))
           (kept (make-bytevector length)))
      (bytevector-copy! whole (- (bytevector-length whole) length) kept 0 length)
      (set! remembered kept))))

(define (forget-what-was-said)
  (force-output (current-error-port))
  (set! remembered (make-bytevector 0)))

(define (said-last)
  (force-output (current-error-port))
  (let ((port (open-bytevector-input-port remembered)))
    (set-port-encoding! port "UTF-8")
    (set-port-conversion-strategy! port 'substitute)
    (let loop ((characters '()))
      (let ((character (read-char port)))
        (if (eof-object? character)
            (string-trim-both (list->string (reverse characters)))
            (loop (cons character characters)))))))

(define (words-of key args)
  "Guix's own words for an exception; those that it does not know are told as Guile does."
  (if (eq? key 'quit)
      (said-last)
      (let ((with-handling (bound '(guix ui) 'call-with-error-handling))
            (port (current-error-port)))
        (forget-what-was-said)
        (catch #t
          (lambda ()
            (if with-handling
                (with-handling (lambda () (apply throw key args)))
                (apply throw key args)))
          (lambda (again . rest)
            (unless (eq? again 'quit)
              (print-exception port #f again rest))))
        (said-last))))
